package guard

import "github.com/tocsin-ids/tocsin"

// ground is where a remark was made.
func (j *judging) ground(id string, r *remark) tocsin.Ground {
	return tocsin.Ground{ID: id, Call: j.number[r.call], Session: j.of[r.call].id, Request: r.call.id, Quote: r.act.text, Place: r.call.place, Rule: r.act.row}
}

// course is the first act of each phase at a target.
func (j *judging) course(h *heap) []tocsin.Ground {
	out := make([]tocsin.Ground, 0, len(h.course))
	for i, r := range h.course {
		x := j.ground(h.order[i], r)
		x.Sentence = r.act.verb
		if r.act.row != nil {
			x.Sentence = r.act.row.Title
		}
		if r.act.technique != "" {
			x.Techniques = []string{r.act.technique}
		}
		out = append(out, x)
	}
	return out
}
