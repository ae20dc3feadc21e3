package decode

// windowsFormats lists the formats that files of this family are recognised as.
func windowsFormats() []Format { return nil }

// windowsJSON lists the kinds of JSON record of this family.
func windowsJSON() []jsonKind { return nil }

// windowsLines lists the kinds of text line of this family.
func windowsLines() []lineKind { return nil }
