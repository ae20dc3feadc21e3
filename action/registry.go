package action

import (
	"strconv"
	"strings"
)

// keyDeleted is what a value of the registry is set to that is removed.
const keyDeleted = "(deleted)"

// setting is the row for a key of the registry that was set to a value, or nil: one that asks for the value before one
// that asks for the key alone. Of what is removed only the former tell.
func (k *Knowledge) setting(key, value string) *row {
	if k.quick[onSetting].in(key) {
		if r := k.first(onSetting, key+" = "+plainNumber(value)); r != nil {
			return r
		}
	}
	if value == keyDeleted {
		return nil
	}
	return k.folded(onRegistry, key)
}

// plainNumber is a number of the registry in decimal, as Sysmon (DWORD (0x00000001)), the security log and reg write it; what is none stays.
func plainNumber(value string) string {
	n := value
	if _, in, ok := strings.Cut(n, "WORD ("); ok {
		n = strings.TrimSuffix(in, ")")
	}
	if !foldPrefix(n, "0x") {
		return value
	}
	if v, err := strconv.ParseUint(n[2:], 16, 64); err == nil {
		return strconv.FormatUint(v, 10)
	}
	return value
}

// keyOf is the value of the registry that a command sets, as logs of changed keys name it, and to what, or "": of reg and of
// PowerShell's cmdlets. A command that names no value sets the key's default.
func keyOf(tool string, args []string) (key, to string) {
	value := ""
	switch tool {
	case "reg":
		if len(args) < 2 {
			return "", ""
		}
		key, value = args[1], after(args[2:], "/v")
		switch strings.ToLower(args[0]) {
		case "add":
			to = after(args[2:], "/d")
		case "delete":
			if to = keyDeleted; value == "" {
				return longHive(strings.TrimSuffix(key, `\`)), to
			}
		default:
			return "", ""
		}
	case "set-itemproperty", "new-itemproperty", "sp", "new-item", "ni", "set-item", "si", "remove-itemproperty", "rp", "remove-item", "ri", "rm", "del", "clear-itemproperty":
		key, value, to = after(args, "-path"), after(args, "-name"), after(args, "-value")
		if key == "" {
			key = after(args, "-literalpath")
		}
		var plain []string // those that are given by their place
		for i, a := range args {
			if !strings.HasPrefix(a, "-") && (i == 0 || !strings.HasPrefix(args[i-1], "-")) {
				plain = append(plain, a)
			}
		}
		for _, to := range []*string{&key, &value, &to} {
			if *to == "" && len(plain) > 0 {
				*to, plain = plain[0], plain[1:]
			}
		}
		if !registryPath(key) {
			return "", ""
		}
		if strings.HasPrefix(tool, "r") || tool == "del" || strings.HasPrefix(tool, "clear") {
			if to = keyDeleted; value == "" {
				return longHive(strings.Replace(key, `:\`, `\`, 1)), to
			}
		}
	default:
		return "", ""
	}
	key = strings.TrimSuffix(key, `\`)
	if value == "" {
		value = "(Default)"
	}
	return longHive(strings.Replace(key, `:\`, `\`, 1)) + `\` + value, to
}

// registryPath says that a path of PowerShell's is one of the registry.
func registryPath(p string) bool {
	return foldPrefix(p, "hk") || foldPrefix(p, "registry::") || foldPrefix(p, "microsoft.powershell.core\\registry::")
}

// longHive writes the hive of a key as logs of changed keys do, and leaves out the provider's name before it.
func longHive(key string) string {
	if _, rest, ok := strings.Cut(key, "::"); ok {
		key = rest
	}
	for _, pair := range [...][2]string{{"hkey_local_machine", "HKLM"}, {"hkey_current_user", "HKCU"}, {"hkey_users", "HKU"}, {"hkey_classes_root", "HKCR"}} {
		if foldPrefix(key, pair[0]) {
			return pair[1] + key[len(pair[0]):]
		}
	}
	return key
}

// after is the word behind a flag, written in any case and, of PowerShell, with a colon, or "".
func after(args []string, flag string) string {
	for i, a := range args {
		if strings.EqualFold(a, flag) && i+1 < len(args) {
			return args[i+1]
		}
		if len(a) > len(flag)+1 && a[len(flag)] == ':' && foldPrefix(a, flag) {
			return a[len(flag)+1:]
		}
	}
	return ""
}
