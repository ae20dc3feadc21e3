package decode

import "testing"

// TestCopiedEvents holds events as text: what Event Viewer copies, in five languages, and PowerShell's Format-List.
func TestCopiedEvents(t *testing.T) {
	const want = "time=2024-02-12T09:10:11Z; host=dc7.corp.example; EventID=4625; TargetUserName=eve; IpAddress=192.0.2.7; IpPort=4711; user=eve; src_ip=192.0.2.7; event_type=login_failed; fault="
	readings(t, []reading{
		{"English", "Log Name:      Security\r\nSource:        Microsoft-Windows-Security-Auditing\r\nDate:          2/12/2024 9:10:11 AM\r\nEvent ID:      4625\r\nTask Category: Logon\r\nUser:          N/A\r\nComputer:      dc7.corp.example\r\nDescription:\r\nAn account failed to log on.\r\n\r\n" +
			"Account For Which Logon Failed:\r\n\tAccount Name:\t\teve\r\n\r\nNetwork Information:\r\n\tSource Network Address:\t192.0.2.7\r\n\tSource Port:\t\t4711\r\nEvent Xml:\r\n<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">\r\n  <System><EventID>4625</EventID></System>\r\n</Event>\r\n", want},
		{"German", "Protokollname: Security\nQuelle:        Microsoft-Windows-Security-Auditing\nDatum:         12.02.2024 09:10:11\nEreignis-ID:   4625\nAufgabenkategorie:Logon\nBenutzer:      Nicht zutreffend\nComputer:      dc7.corp.example\nBeschreibung:\nFehler beim Anmelden eines Kontos.\n\n" +
			"Konto, für das die Anmeldung fehlgeschlagen ist:\n\tKontoname:\t\teve\n\nNetzwerkinformationen:\n\tQuellnetzwerkadresse:\t192.0.2.7\n\tQuellport:\t\t4711\n", want},
		{"French, the day first", "Nom du journal :Security\nSource :       Microsoft-Windows-Security-Auditing\nDate :         12/02/2024 09:10:11\nID de l’événement :4625\nUtilisateur :  N/A\nOrdinateur :   dc7.corp.example\nDescription :\nÉchec d’ouverture de session d’un compte.\n\n" +
			"Compte pour lequel l’ouverture de session a échoué :\n\tNom du compte :\t\teve\n\nInformations sur le réseau :\n\tAdresse du réseau source :\t192.0.2.7\n\tPort source :\t\t4711\n", want},
		{"Spanish", "Nombre de registro:Security\nOrigen:        Microsoft-Windows-Security-Auditing\nFecha:         12/02/2024 9:10:11\nId. del evento:4625\nUsuario:       No disponible\nEquipo:        dc7.corp.example\nDescripción:\nError de una cuenta al iniciar sesión.\n\n" +
			"Cuenta con error de inicio de sesión:\n\tNombre de cuenta:\t\teve\n\nInformación de red:\n\tDirección de red de origen:\t192.0.2.7\n\tPuerto de origen:\t\t4711\n", want},
		{"Japanese", "ログの名前:         Security\nソース:           Microsoft-Windows-Security-Auditing\n日付:            2024/02/12 9:10:11\nイベント ID:       4625\nユーザー:          N/A\nコンピューター:       dc7.corp.example\n説明:\nアカウントがログオンに失敗しました。\n\n" +
			"ログオンを失敗したアカウント:\n\tアカウント名:\t\teve\n\nネットワーク情報:\n\tソース ネットワーク アドレス:\t192.0.2.7\n\tソース ポート:\t\t4711\n", want},
		{"two", "Log Name:      System\nSource:        Service Control Manager\nDate:          2/12/2024 9:10:11 AM\nEvent ID:      7036\nComputer:      pc7\nDescription:\nx\n\nLog Name:      Security\nSource:        Microsoft-Windows-Security-Auditing\nDate:          2/12/2024 9:10:12 AM\nEvent ID:      1102\nComputer:      pc7\nDescription:\nThe audit log was cleared.\n",
			"EventID=7036; time=2024-02-12T09:10:11Z\nEventID=1102; time=2024-02-12T09:10:12Z; Channel=Security"},
		{"wevtutil, in German", "Event[0]\n  Protokollname: Security\n  Quelle: Microsoft-Windows-Security-Auditing\n  Datum: 2024-02-12T09:10:11.0000000Z\n  Ereignis-ID: 1102\n  Computer: dc7.corp.example\n  Beschreibung: \nx\n", "time=2024-02-12T09:10:11Z; host=dc7.corp.example; EventID=1102; Message=x"},
		{"Format-List", "\r\n\r\nTimeCreated  : 2/12/2024 9:10:11 AM\r\nProviderName : Microsoft-Windows-Security-Auditing\r\nId           : 4625\r\nMessage      : An account failed to log on.\r\n               \r\n               Account For Which Logon Failed:\r\n               \tAccount Name:\t\teve\r\n               \r\n" +
			"               Network Information:\r\n               \tSource Network Address:\t192.0.2.7\r\n\r\nTimeCreated  : 2/12/2024 9:10:15 AM\r\nProviderName : Service Control Manager\r\nId           : 7036\r\nMessage      : x\r\n",
			"time=2024-02-12T09:10:11Z; EventID=4625; user=eve; src_ip=192.0.2.7; event_type=login_failed; fault=\ntime=2024-02-12T09:10:15Z; EventID=7036; fault="},
		{"Format-List *", "Message              : A new process has been created.\n                       \n                       Creator Subject:\n                       \tAccount Name:\t\teve\n                       \n                       Process Information:\n                       \tNew Process Name:\tC:\\x.exe\n                       \tProcess Command Line:\tx /y\n" +
			"Id                   : 4688\nProviderName         : Microsoft-Windows-Security-Auditing\nLogName              : Security\nMachineName          : pc7\nTimeCreated          : 2/12/2024 9:10:11 AM\n",
			`time=2024-02-12T09:10:11Z; host=pc7; SubjectUserName=eve; NewProcessName=C:\x.exe; CommandLine=x /y; fault=`},
		{"Format-List without a provider", "TimeCreated : 2/12/2024 9:10:11 AM\nId          : 4625\nMessage     : An account failed to log on.\n              \n              Account For Which Logon Failed:\n              \tAccount Name:\t\teve\n", "time=2024-02-12T09:10:11Z; user=eve; event_type=login_failed; fault="},
		{"Get-EventLog", "Index        : 7\nEntryType    : FailureAudit\nInstanceId   : 4625\nMessage      : An account failed to log on.\n               \n               Account For Which Logon Failed:\n               \tAccount Name:\t\teve\nSource       : Microsoft-Windows-Security-Auditing\nTimeGenerated : 2/12/2024 9:10:11 AM\n", "time=2024-02-12T09:10:11Z; EventID=4625; user=eve; event_type=login_failed"},
		{"Export-Csv without a provider", "\"TimeCreated\",\"Id\",\"MachineName\",\"Message\"\n\"2/12/2024 9:10:11 AM\",\"4625\",\"dc7\",\"An account failed to log on.\n\nAccount For Which Logon Failed:\n\tAccount Name:\t\teve\"\n", "time=2024-02-12T09:10:11Z; host=dc7; user=eve; event_type=login_failed"},
	})
}

// TestNoCopiedEvents holds texts whose first lines look like those of an event's.
func TestNoCopiedEvents(t *testing.T) {
	for _, in := range []string{"Level: high\nMessage: x\nNote: y\n", "Source: x\nDate: 2/12/2024 9:10:11 AM\n", "Message: x\n  Id: 7\n  ProviderName: y\n"} {
		if f := windowsTextFormat(); f.Is("x.txt", []byte(in)) > 0 {
			t.Errorf("%q is taken for Windows events", in)
		}
	}
}
