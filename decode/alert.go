package decode

// alertFormats lists the formats that files of this family are recognised as.
func alertFormats() []Format { return nil }

// alertJSON lists the kinds of JSON record of this family.
func alertJSON() []jsonKind { return nil }

// alertLines lists the kinds of text line of this family.
func alertLines() []lineKind { return nil }
