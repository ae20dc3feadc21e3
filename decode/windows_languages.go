package decode

import "strings"

// windowsHeads are the names that Event Viewer gives the columns of its exports and the lines that it copies, in other languages: German, French, Spanish,
// Italian, Portuguese, Dutch and Japanese, in small letters.
var windowsHeads = map[string]string{
	"log name": "Log Name", "event id": "Event ID", "beschreibung": "Description", "benutzer": "User",
	"ebene": "Level", "schlüsselwörter": "Keywords", "datum und uhrzeit": "Date and Time", "quelle": "Source", "ereignis-id": "Event ID", "aufgabenkategorie": "Task Category", "protokoll": "Log Name", "protokollname": "Log Name", "computer": "Computer",
	"nom du journal": "Log Name", "utilisateur": "User",
	"niveau": "Level", "mots clés": "Keywords", "mots-clés": "Keywords", "date et heure": "Date and Time", "source": "Source", "id de l'événement": "Event ID", "id d'événement": "Event ID", "catégorie de la tâche": "Task Category", "ordinateur": "Computer",
	"nombre de registro": "Log Name", "usuario": "User", "descripción": "Description",
	"nivel": "Level", "palabras clave": "Keywords", "fecha y hora": "Date and Time", "origen": "Source", "id. del evento": "Event ID", "id. de evento": "Event ID", "categoría de la tarea": "Task Category", "categoría de tarea": "Task Category", "equipo": "Computer",
	"nome registro": "Log Name", "utente": "User", "descrizione": "Description",
	"livello": "Level", "parole chiave": "Keywords", "data e ora": "Date and Time", "origine": "Source", "id evento": "Event ID", "categoria attività": "Task Category",
	"nome do log": "Log Name", "usuário": "User", "utilizador": "User", "computador": "Computer", "descrição": "Description",
	"nível": "Level", "palavras-chave": "Keywords", "data e hora": "Date and Time", "fonte": "Source", "origem": "Source", "identificação do evento": "Event ID", "id do evento": "Event ID", "categoria da tarefa": "Task Category",
	"logboeknaam": "Log Name", "gebruiker": "User", "beschrijving": "Description",
	"trefwoorden": "Keywords", "datum en tijd": "Date and Time", "bron": "Source", "gebeurtenis-id": "Event ID", "taakcategorie": "Task Category",
	"ログの名前": "Log Name", "ユーザー": "User", "コンピューター": "Computer", "説明": "Description",
	"レベル": "Level", "キーワード": "Keywords", "日付と時刻": "Date and Time", "ソース": "Source", "イベント id": "Event ID", "タスクのカテゴリ": "Task Category",
}

// windowsDates are the labels of the date in what Event Viewer copies; as the name of a column they may be anything.
var windowsDates = map[string]bool{"datum": true, "fecha": true, "data": true, "日付": true}

// windowsHead returns the English name of a column, and whether it was in another language.
func windowsHead(name string) (string, bool) {
	if en, ok := windowsHeads[plainLabel(name)]; ok {
		return en, en != name
	}
	return name, false
}

// windowsWords are the labels and sections of the Security log's messages in German, French, Spanish and Japanese, in small
// letters, and what they are in English. They are those of Windows' own message tables (adtschema.dll, msaudite.dll).
var windowsWords = map[string]string{
	// German
	"antragsteller": "Subject", "neue anmeldung": "New Logon", "konto, für das die anmeldung fehlgeschlagen ist": "Account For Which Logon Failed", "erstellersubjekt": "Creator Subject", "erstellerbetreff": "Creator Subject", "zielsubjekt": "Target Subject", "zielkonto": "Target Account",
	"neues konto": "New Account", "gesperrtes konto": "Account That Was Locked Out", "konto, dessen anmeldeinformationen verwendet wurden": "Account Whose Credentials Were Used", "kontoinformationen": "Account Information", "mitglied": "Member", "gruppe": "Group",
	"sicherheits-id": "Security ID", "kontoname": "Account Name", "kontodomäne": "Account Domain", "anmelde-id": "Logon ID", "anmeldetyp": "Logon Type", "fehlerursache": "Failure Reason", "unterstatus": "Sub Status",
	"arbeitsstationsname": "Workstation Name", "name der arbeitsstation": "Workstation Name", "quellnetzwerkadresse": "Source Network Address", "quellport": "Source Port", "clientadresse": "Client Address", "clientport": "Client Port", "quelladresse": "Source Address", "quellarbeitsstation": "Source Workstation",
	"anmeldeprozess": "Logon Process", "authentifizierungspaket": "Authentication Package", "paketname (nur ntlm)": "Package Name (NTLM only)", "schlüssellänge": "Key Length", "anmelde-guid": "Logon GUID",
	"aufrufprozess-id": "Caller Process ID", "aufrufprozessname": "Caller Process Name", "prozess-id": "Process ID", "prozessname": "Process Name", "neue prozess-id": "New Process ID", "neuer prozessname": "New Process Name", "prozessbefehlszeile": "Process Command Line",
	"erstellerprozess-id": "Creator Process ID", "erstellerprozessname": "Creator Process Name", "tokenerhöhungstyp": "Token Elevation Type", "gruppenname": "Group Name", "gruppendomäne": "Group Domain", "dienstname": "Service Name", "dienstdateiname": "Service File Name", "diensttyp": "Service Type", "dienststarttyp": "Service Start Type", "dienstkonto": "Service Account",
	"fehlercode": "Failure Code", "anmeldekonto": "Logon Account", "aufgabenname": "Task Name", "aufgabeninhalt": "Task Content", "freigabename": "Share Name", "freigabepfad": "Share Path", "relativer zielname": "Relative Target Name", "objektname": "Object Name", "objekttyp": "Object Type", "berechtigungen": "Privileges", "ticketoptionen": "Ticket Options", "ticketverschlüsselungstyp": "Ticket Encryption Type",
	// French
	"sujet": "Subject", "objet": "Subject", "nouvelle ouverture de session": "New Logon", "compte pour lequel l'ouverture de session a échoué": "Account For Which Logon Failed", "sujet de créateur": "Creator Subject", "sujet créateur": "Creator Subject", "sujet cible": "Target Subject", "compte cible": "Target Account",
	"nouveau compte": "New Account", "compte verrouillé": "Account That Was Locked Out", "compte dont les informations d'identification ont été utilisées": "Account Whose Credentials Were Used", "informations sur le compte": "Account Information", "membre": "Member", "groupe": "Group",
	"id de sécurité": "Security ID", "nom du compte": "Account Name", "nom de compte": "Account Name", "domaine du compte": "Account Domain", "domaine de compte": "Account Domain", "id d'ouverture de session": "Logon ID", "id de connexion": "Logon ID", "type d'ouverture de session": "Logon Type", "type de connexion": "Logon Type", "raison de l'échec": "Failure Reason", "état": "Status", "statut": "Status", "sous-état": "Sub Status", "sous-statut": "Sub Status",
	"nom de la station de travail": "Workstation Name", "adresse du réseau source": "Source Network Address", "adresse réseau source": "Source Network Address", "port source": "Source Port", "adresse du client": "Client Address", "adresse client": "Client Address", "port client": "Client Port", "adresse source": "Source Address", "station de travail source": "Source Workstation",
	"processus d'ouverture de session": "Logon Process", "package d'authentification": "Authentication Package", "nom du package (ntlm uniquement)": "Package Name (NTLM only)", "longueur de clé": "Key Length", "longueur de la clé": "Key Length", "guid d'ouverture de session": "Logon GUID",
	"id du processus de l'appelant": "Caller Process ID", "id du processus appelant": "Caller Process ID", "nom du processus de l'appelant": "Caller Process Name", "nom du processus appelant": "Caller Process Name", "id du processus": "Process ID", "nom du processus": "Process Name", "id du nouveau processus": "New Process ID", "nom du nouveau processus": "New Process Name", "ligne de commande du processus": "Process Command Line", "ligne de commande de processus": "Process Command Line",
	"id du processus créateur": "Creator Process ID", "nom du processus créateur": "Creator Process Name", "nom du groupe": "Group Name", "domaine du groupe": "Group Domain", "nom du service": "Service Name", "nom du fichier de service": "Service File Name", "type de service": "Service Type", "compte de service": "Service Account",
	"code d'échec": "Failure Code", "compte d'ouverture de session": "Logon Account", "nom de la tâche": "Task Name", "contenu de la tâche": "Task Content", "nom de partage": "Share Name", "nom du partage": "Share Name", "nom de la cible relative": "Relative Target Name", "nom de l'objet": "Object Name", "type d'objet": "Object Type", "privilèges": "Privileges",
	// Spanish
	"sujeto": "Subject", "firmante": "Subject", "asunto": "Subject", "nuevo inicio de sesión": "New Logon", "cuenta con error de inicio de sesión": "Account For Which Logon Failed", "cuenta para la que se produjo un error de inicio de sesión": "Account For Which Logon Failed", "sujeto del creador": "Creator Subject", "asunto del creador": "Creator Subject", "cuenta de destino": "Target Account",
	"nueva cuenta": "New Account", "cuenta bloqueada": "Account That Was Locked Out", "cuenta cuyas credenciales se usaron": "Account Whose Credentials Were Used", "información de cuenta": "Account Information", "miembro": "Member", "grupo": "Group",
	"id. de seguridad": "Security ID", "identificador de seguridad": "Security ID", "nombre de cuenta": "Account Name", "nombre de la cuenta": "Account Name", "dominio de cuenta": "Account Domain", "dominio de la cuenta": "Account Domain", "id. de inicio de sesión": "Logon ID", "tipo de inicio de sesión": "Logon Type", "motivo del error": "Failure Reason", "razón del error": "Failure Reason", "estado": "Status", "subestado": "Sub Status",
	"nombre de estación de trabajo": "Workstation Name", "nombre de la estación de trabajo": "Workstation Name", "dirección de red de origen": "Source Network Address", "puerto de origen": "Source Port", "dirección de cliente": "Client Address", "dirección del cliente": "Client Address", "puerto de cliente": "Client Port", "puerto del cliente": "Client Port", "dirección de origen": "Source Address", "estación de trabajo de origen": "Source Workstation",
	"proceso de inicio de sesión": "Logon Process", "paquete de autenticación": "Authentication Package", "nombre de paquete (solo ntlm)": "Package Name (NTLM only)", "longitud de clave": "Key Length", "guid de inicio de sesión": "Logon GUID",
	"id. de proceso del autor de la llamada": "Caller Process ID", "nombre de proceso del autor de la llamada": "Caller Process Name", "id. de proceso": "Process ID", "nombre de proceso": "Process Name", "id. de proceso nuevo": "New Process ID", "id. del nuevo proceso": "New Process ID", "nombre de proceso nuevo": "New Process Name", "nombre del nuevo proceso": "New Process Name", "línea de comandos del proceso": "Process Command Line", "línea de comandos de proceso": "Process Command Line",
	"id. del proceso creador": "Creator Process ID", "nombre del proceso creador": "Creator Process Name", "nombre de grupo": "Group Name", "dominio de grupo": "Group Domain", "nombre del servicio": "Service Name", "nombre de servicio": "Service Name", "nombre de archivo de servicio": "Service File Name", "nombre del archivo de servicio": "Service File Name", "tipo de servicio": "Service Type", "cuenta de servicio": "Service Account",
	"código de error": "Failure Code", "cuenta de inicio de sesión": "Logon Account", "nombre de tarea": "Task Name", "contenido de la tarea": "Task Content", "nombre de recurso compartido": "Share Name", "nombre de destino relativo": "Relative Target Name", "nombre de objeto": "Object Name", "tipo de objeto": "Object Type", "privilegios": "Privileges",
	// Japanese
	"サブジェクト": "Subject", "件名": "Subject", "新しいログオン": "New Logon", "ログオンを失敗したアカウント": "Account For Which Logon Failed", "ログオンに失敗したアカウント": "Account For Which Logon Failed", "作成元サブジェクト": "Creator Subject", "ターゲット サブジェクト": "Target Subject", "対象アカウント": "Target Account",
	"新しいアカウント": "New Account", "ロックアウトされたアカウント": "Account That Was Locked Out", "資格情報が使用されたアカウント": "Account Whose Credentials Were Used", "アカウント情報": "Account Information", "メンバー": "Member", "グループ": "Group",
	"セキュリティ id": "Security ID", "アカウント名": "Account Name", "アカウント ドメイン": "Account Domain", "ログオン id": "Logon ID", "ログオン タイプ": "Logon Type", "ログオンの種類": "Logon Type", "失敗の原因": "Failure Reason", "失敗の理由": "Failure Reason", "状態": "Status", "ステータス": "Status", "サブ ステータス": "Sub Status",
	"ワークステーション名": "Workstation Name", "ソース ネットワーク アドレス": "Source Network Address", "ソース ポート": "Source Port", "クライアント アドレス": "Client Address", "クライアント ポート": "Client Port", "ソース アドレス": "Source Address", "ソース ワークステーション": "Source Workstation",
	"ログオン プロセス": "Logon Process", "認証パッケージ": "Authentication Package", "パッケージ名 (ntlm のみ)": "Package Name (NTLM only)", "キーの長さ": "Key Length", "ログオン guid": "Logon GUID",
	"呼び出し側プロセス id": "Caller Process ID", "呼び出し側プロセス名": "Caller Process Name", "プロセス id": "Process ID", "プロセス名": "Process Name", "新しいプロセス id": "New Process ID", "新しいプロセス名": "New Process Name", "プロセスのコマンド ライン": "Process Command Line", "プロセス コマンド ライン": "Process Command Line",
	"クリエーター プロセス id": "Creator Process ID", "クリエーター プロセス名": "Creator Process Name", "グループ名": "Group Name", "グループ ドメイン": "Group Domain", "サービス名": "Service Name", "サービス ファイル名": "Service File Name", "サービスの種類": "Service Type", "サービス アカウント": "Service Account",
	"エラー コード": "Failure Code", "ログオン アカウント": "Logon Account", "タスク名": "Task Name", "タスクの内容": "Task Content", "共有名": "Share Name", "相対ターゲット名": "Relative Target Name", "オブジェクト名": "Object Name", "オブジェクトの種類": "Object Type", "特権": "Privileges",
}

// englishLabel returns the English for a label in another language, and s itself for any other.
func englishLabel(s string) string {
	if en, ok := windowsWords[plainLabel(s)]; ok {
		return en
	}
	return s
}

// plainLabel makes a label comparable: small letters, plain spaces and apostrophes, none at its ends.
func plainLabel(s string) string {
	return strings.ToLower(strings.TrimSpace(labelMarks.Replace(s)))
}

var labelMarks = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u2019", "'", "\u3000", " ", "\t", " ")
