package decode

// agentFormats lists the formats that files of this family are recognised as.
func agentFormats() []Format { return nil }

// agentJSON lists the kinds of JSON record of this family.
func agentJSON() []jsonKind { return nil }

// agentLines lists the kinds of text line of this family.
func agentLines() []lineKind { return nil }
