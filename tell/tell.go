// Package tell tells people of campaigns: which are news, in which words, and by which way.
package tell
