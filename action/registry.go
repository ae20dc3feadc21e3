package action

import "strings"

// keyOf is the value of the registry that a command sets, as logs of changed keys name it, or "": of reg add and of
// PowerShell's cmdlets. A command that names no value sets the key's default.
func keyOf(tool string, args []string) string {
	var key, value string
	switch tool {
	case "reg":
		if len(args) < 2 || !strings.EqualFold(args[0], "add") {
			return ""
		}
		key = args[1]
		value = after(args[2:], "/v")
	case "set-itemproperty", "new-itemproperty", "sp", "new-item", "set-item":
		key, value = after(args, "-path"), after(args, "-name")
		if key == "" {
			key = after(args, "-literalpath")
		}
		if key == "" && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			if key = args[0]; value == "" && len(args) > 1 && !strings.HasPrefix(args[1], "-") {
				value = args[1]
			}
		}
		if !registryPath(key) {
			return ""
		}
	default:
		return ""
	}
	key = strings.TrimSuffix(key, `\`)
	if value == "" {
		value = "(Default)"
	}
	return strings.Replace(key, `:\`, `\`, 1) + `\` + value
}

// registryPath says that a path of PowerShell's is one of the registry.
func registryPath(p string) bool {
	return foldPrefix(p, "hk") || foldPrefix(p, "registry::") || foldPrefix(p, "microsoft.powershell.core\\registry::")
}

// after is the word behind a flag, written in any case, or "".
func after(args []string, flag string) string {
	for i, a := range args {
		if strings.EqualFold(a, flag) && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}
