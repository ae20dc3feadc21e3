package decode

// unixFormats lists the formats that files of this family are recognised as.
func unixFormats() []Format {
	return append(blockFormats(), postgresTableFormat(), journalFormat(), journalExportFormat(), auditFormat(), utmpFormat(), lastlogFormat(), historyFormat())
}

// unixJSON lists the kinds of JSON record of this family.
func unixJSON() []jsonKind {
	return append([]jsonKind{cowrieKind(), laurelKind(), journalKind(), azureSyslogKind()}, databaseJSON()...)
}

// unixLines lists the kinds of text line of this family.
func unixLines() []lineKind {
	return []lineKind{auditKind(), {"mcp", parseMCP}, {"package", parsePackages}, {"mariadb-audit", parseServerAudit}, syslogKind()}
}
