package decode

func isOTLP(m members) bool { return false }

func (d *agentLog) otlp(m members) {}
