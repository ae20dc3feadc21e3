package main

// ownedByUs says nothing where files have no owner by number.
func ownedByUs(string) error { return nil }
