/** What every executable of Bun costs: it starts nothing and ends. */
export {};
