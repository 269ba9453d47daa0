/** What a format can't keep, or not as it is, counted by reason: an export says so instead of losing it in silence. */
export class LeftOut {
  private readonly missing = new Map<string, number>()
  private readonly changed = new Map<string, number>()

  /** An annotation that is not in the file. */
  add(reason: string): void {
    this.missing.set(reason, (this.missing.get(reason) ?? 0) + 1)
  }

  /** An annotation that is in the file in another form. */
  note(what: string): void {
    this.changed.set(what, (this.changed.get(what) ?? 0) + 1)
  }

  get total(): number {
    return [...this.missing.values()].reduce((sum, count) => sum + count, 0)
  }

  notes(): string[] {
    return [
      ...[...this.missing].map(([reason, count]) => `Left out: ${count}, for ${reason}.`),
      ...[...this.changed].map(([what, count]) => `Changed: ${count}; ${what}.`),
    ]
  }
}

export interface WrittenCounts {
  items: number
  annotations: number
}
