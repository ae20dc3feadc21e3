package decode

// unixFormats lists the formats that files of this family are recognised as.
func unixFormats() []Format {
	return append(blockFormats(), journalFormat(), journalExportFormat(), auditFormat(), utmpFormat(), lastlogFormat(), historyFormat())
}

// unixJSON lists the kinds of JSON record of this family.
func unixJSON() []jsonKind {
	return []jsonKind{cowrieKind(), laurelKind(), journalKind(), azureSyslogKind()}
}

// unixLines lists the kinds of text line of this family.
func unixLines() []lineKind {
	return []lineKind{auditKind(), {"mcp", parseMCP}, {"package", parsePackages}, syslogKind()}
}
