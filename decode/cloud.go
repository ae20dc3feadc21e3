package decode

// cloudFormats lists the formats that files of this family are recognised as.
func cloudFormats() []Format { return nil }

// cloudJSON lists the kinds of JSON record of this family.
func cloudJSON() []jsonKind { return nil }

// cloudLines lists the kinds of text line of this family.
func cloudLines() []lineKind { return nil }
