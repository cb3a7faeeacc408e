"""One file per probe; `PROBES` is the order in which they run, cheapest first."""
