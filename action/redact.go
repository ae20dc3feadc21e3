package action

// Redact gives a text of a log with what is a secret in it masked: command masks it as a command line, which may hold others,
// or else as a message or a name. What is longer than 4 KiB is cut there and says so.
func (k *Knowledge) Redact(text string, command bool) string {
	m := masker{know: k}
	cut := ""
	if len(text) > maxMasked {
		text, cut = text[:maxMasked], "… (cut)"
	}
	if command {
		text, _ = m.line(text)
		return text + cut
	}
	return m.text(m.uri(text)) + cut
}
