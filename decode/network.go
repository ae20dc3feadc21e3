package decode

// networkFormats lists the formats that files of this family are recognised as.
func networkFormats() []Format { return nil }

// networkJSON lists the kinds of JSON record of this family.
func networkJSON() []jsonKind { return nil }

// networkLines lists the kinds of text line of this family.
func networkLines() []lineKind { return nil }
