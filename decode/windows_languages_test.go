package decode

import (
	"strings"
	"testing"
)

// TestEventViewer holds Event Viewer's table of a logon that failed, in each language with its head, its stamp and its
// labels.
func TestEventViewer(t *testing.T) {
	row := func(head, level, stamp, task, message string) string {
		return head + "\r\n" + level + "," + stamp + ",Microsoft-Windows-Security-Auditing,4625," + task + ",\"" + message + "\"\r\n"
	}
	const want = "time=2024-02-12T09:10:11Z; EventID=4625; TargetUserName=eve; TargetDomainName=CORP; SubjectLogonId=0x0; LogonType=3; IpAddress=192.0.2.7; IpPort=4711; WorkstationName=PC7; Status=0xC000006D; SubStatus=0xC000006A; user=eve; src_ip=192.0.2.7; event_type=login_failed"
	message := func(s ...string) string {
		return strings.Join([]string{
			s[0] + "\r\n\r\n" + s[1] + "\r\n\t" + s[2] + "\t\tS-1-0-0\r\n\t" + s[3] + "\t\t-\r\n\t" + s[4] + "\t\t-\r\n\t" + s[5] + "\t\t0x0\r\n\r\n" + s[6] + "\t\t\t3\r\n\r\n" + s[7] + "\r\n\t" + s[2] + "\t\tS-1-0-0\r\n\t" + s[3] + "\t\teve\r\n\t" + s[4] + "\t\tCORP\r\n",
			s[8] + "\r\n\t" + s[9] + "\t\tx.\r\n\t" + s[10] + "\t\t\t0xC000006D\r\n\t" + s[11] + "\t\t0xC000006A\r\n",
			s[12] + "\r\n\t" + s[13] + "\tPC7\r\n\t" + s[14] + "\t192.0.2.7\r\n\t" + s[15] + "\t\t4711\r\n"}, "\r\n")
	}
	readings(t, []reading{
		{"English", row("Keywords,Date and Time,Source,Event ID,Task Category", "Audit Failure", "2/12/2024 9:10:11 AM", "Logon", message("An account failed to log on.", "Subject:", "Security ID:", "Account Name:", "Account Domain:", "Logon ID:", "Logon Type:",
			"Account For Which Logon Failed:", "Failure Information:", "Failure Reason:", "Status:", "Sub Status:", "Network Information:", "Workstation Name:", "Source Network Address:", "Source Port:")), want},
		{"German", row("Schlüsselwörter,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie", "Überwachung gescheitert", "12.02.2024 09:10:11", "Logon", message("Fehler beim Anmelden eines Kontos.", "Antragsteller:", "Sicherheits-ID:", "Kontoname:", "Kontodomäne:", "Anmelde-ID:", "Anmeldetyp:",
			"Konto, für das die Anmeldung fehlgeschlagen ist:", "Fehlerinformationen:", "Fehlerursache:", "Status:", "Unterstatus::", "Netzwerkinformationen:", "Arbeitsstationsname:", "Quellnetzwerkadresse:", "Quellport:")), want},
		{"French", row("Mots clés,Date et heure,Source,ID de l’événement,Catégorie de la tâche", "Échec de l’audit", "12/02/2024 09:10:11", "Logon", message("Échec d’ouverture de session d’un compte.", "Sujet :", "ID de sécurité :", "Nom du compte :", "Domaine du compte :", "ID d’ouverture de session :", "Type d’ouverture de session :",
			"Compte pour lequel l’ouverture de session a échoué :", "Informations sur l’échec :", "Raison de l’échec :", "État :", "Sous-état :", "Informations sur le réseau :", "Nom de la station de travail :", "Adresse du réseau source :", "Port source :")), want},
		{"Spanish", row("Palabras clave,Fecha y hora,Origen,Id. del evento,Categoría de la tarea", "Error de auditoría", "12/02/2024 9:10:11", "Logon", message("Error de una cuenta al iniciar sesión.", "Sujeto:", "Id. de seguridad:", "Nombre de cuenta:", "Dominio de cuenta:", "Id. de inicio de sesión:", "Tipo de inicio de sesión:",
			"Cuenta con error de inicio de sesión:", "Información de error:", "Motivo del error:", "Estado:", "Subestado:", "Información de red:", "Nombre de estación de trabajo:", "Dirección de red de origen:", "Puerto de origen:")), want},
		{"Japanese", row("キーワード,日付と時刻,ソース,イベント ID,タスクのカテゴリ", "失敗の監査", "2024/02/12 9:10:11", "Logon", message("アカウントがログオンに失敗しました。", "サブジェクト:", "セキュリティ ID:", "アカウント名:", "アカウント ドメイン:", "ログオン ID:", "ログオン タイプ:",
			"ログオンを失敗したアカウント:", "エラー情報:", "失敗の原因:", "状態:", "サブ ステータス:", "ネットワーク情報:", "ワークステーション名:", "ソース ネットワーク アドレス:", "ソース ポート:")), want},
	})
}

// TestTwoClocks holds streams of Windows records whose local stamps have no zone: one offset, decided by the beginning,
// for all of them.
func TestTwoClocks(t *testing.T) {
	sysmon := func(local, utc, more string) string {
		return `{"EventTime":"` + local + `","UtcTime":"` + utc + `","Channel":"Microsoft-Windows-Sysmon/Operational","EventID":10,"Hostname":"pc7","SourceName":"Microsoft-Windows-Sysmon"` + more + "}\n"
	}
	security := func(local, more string) string {
		return `{"EventTime":"` + local + `","Channel":"Security","EventID":4689,"Hostname":"pc7","SourceName":"Microsoft-Windows-Security-Auditing"` + more + "}\n"
	}
	readings(t, []reading{
		{"Sysmon tells, later", security("2024-02-12 02:10:11", "") + sysmon("2024-02-12 02:10:12", "2024-02-12 09:10:12.120", ""), "time=2024-02-12T09:10:11Z\ntime=2024-02-12T09:10:12.12Z"},
		{"Sysmon tells, and the collector's clock is wrong", security("2024-02-12 02:10:11", `,"@timestamp":"2024-02-13T04:10:11Z"`) + sysmon("2024-02-12 02:10:12", "2024-02-12 09:10:12.120", `,"@timestamp":"2024-02-13T04:10:12Z"`), "time=2024-02-12T09:10:11Z\ntime=2024-02-12T09:10:12.12Z"},
		{"the collector tells", security("2024-02-12 02:10:11", `,"@timestamp":"2024-02-12T09:10:13Z"`) + security("2024-02-12 02:10:14", ""), "time=2024-02-12T09:10:11Z\ntime=2024-02-12T09:10:14Z"},
		{"the collector is late at times", security("2024-02-12 02:10:11", `,"@timestamp":"2024-02-12T09:10:13Z"`) + security("2024-02-12 02:10:14", `,"@timestamp":"2024-02-12T10:31:00Z"`), "time=2024-02-12T09:10:11Z\ntime=2024-02-12T09:10:14Z"},
		{"a zone in the stamp", security("2024-02-12T02:10:11-07:00", "") + sysmon("2024-02-12T02:10:12-07:00", "2024-02-12 09:10:12.120", ""), "time=2024-02-12T09:10:11Z\ntime=2024-02-12T09:10:12Z"},
		{"a zone that is wrong", strings.ReplaceAll(security("2024-02-12T02:10:11Z", "")+sysmon("2024-02-12T02:10:12Z", "2024-02-12 09:10:12.120", ""), "EventTime", "TimeCreated"), "time=2024-02-12T09:10:11Z\ntime=2024-02-12T09:10:12.12Z"},
		{"a later record that does not fit", security("2024-02-12 02:10:11", "") + sysmon("2024-02-12 02:10:12", "2024-02-12 09:10:12.120", "") + sysmon("2024-02-12 03:10:12", "2024-02-12 09:10:13.120", ""), "time=2024-02-12T09:10:11Z; fault=\nfault=\nfault=yes; time=2024-02-12T09:10:13.12Z"},
	})
}
