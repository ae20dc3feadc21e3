package tail

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
)

// mostWatched bounds the folders that the system is asked to tell of; the others are polled.
const mostWatched = 8192

// A watch has the system tell of changes in folders. Where it cannot, nothing is told, and polling finds it.
type watch struct {
	w    *fsnotify.Watcher // nil: it cannot
	dirs map[string]bool   // false: could not be watched
}

func (f *follower) newWatch() *watch {
	w := &watch{dirs: map[string]bool{}}
	if f.o.NoNotify {
		return w
	}
	fw, err := fsnotify.NewBufferedWatcher(1024)
	if err != nil {
		f.o.Log.Warn("files are polled, since the system does not tell of changes", "error", err)
		return w
	}
	w.w = fw
	return w
}

func (w *watch) close() {
	if w.w != nil {
		_ = w.w.Close()
	}
}

// events is what the system tells; nil, which waits forever, where it tells nothing.
func (w *watch) events() <-chan fsnotify.Event {
	if w.w == nil {
		return nil
	}
	return w.w.Events
}

func (w *watch) errors() <-chan error {
	if w.w == nil {
		return nil
	}
	return w.w.Errors
}

// tells says whether changes of the file at path are told.
func (w *watch) tells(path string) bool { return w.dirs[filepath.Dir(path)] }

// watchDirs has the system tell of changes in dirs, and of no others.
func (f *follower) watchDirs(dirs map[string]bool) {
	w := f.watch
	if w.w == nil {
		return
	}
	for dir, ok := range w.dirs {
		if !dirs[dir] {
			if ok {
				_ = w.w.Remove(dir) // an error says that it is gone
			}
			delete(w.dirs, dir)
		}
	}
	for dir := range dirs {
		if w.dirs[dir] || len(w.dirs) >= mostWatched {
			continue
		}
		err := w.w.Add(dir)
		if _, tried := w.dirs[dir]; err != nil && !tried && !errors.Is(err, fs.ErrNotExist) {
			f.o.Log.Warn("a folder is polled, since the system does not tell of its changes", "folder", dir, "error", err)
		}
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			w.dirs[dir] = err == nil
		}
	}
}

// listen takes what the system told. It does not wait.
func (f *follower) listen() {
	for range 4096 {
		select {
		case ev, ok := <-f.watch.events():
			if !ok {
				f.watch.w = nil
				return
			}
			f.told(ev)
		case _, ok := <-f.watch.errors():
			if !ok {
				f.watch.w = nil
				return
			}
			f.overflow()
		default:
			return
		}
	}
}

func (f *follower) told(ev fsnotify.Event) {
	if s := f.byPath[ev.Name]; s != nil && ev.Op&(fsnotify.Write|fsnotify.Chmod) != 0 {
		f.ready(s)
	}
	if ev.Op&(fsnotify.Create|fsnotify.Rename|fsnotify.Remove) != 0 {
		f.rescan = true
		if f.watch.dirs[ev.Name] && ev.Op&(fsnotify.Rename|fsnotify.Remove) != 0 {
			_ = f.watch.w.Remove(ev.Name) // what is created there again is another folder
			delete(f.watch.dirs, ev.Name)
		}
	}
}

// overflow looks at everything, since something was not told.
func (f *follower) overflow() {
	f.rescan = true
	for _, s := range f.streams {
		f.ready(s)
	}
}
