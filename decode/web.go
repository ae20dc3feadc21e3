package decode

// webFormats lists the formats that files of this family are recognised as.
func webFormats() []Format { return nil }

// webJSON lists the kinds of JSON record of this family.
func webJSON() []jsonKind { return nil }

// webLines lists the kinds of text line of this family.
func webLines() []lineKind { return nil }
