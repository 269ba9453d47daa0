/** Collects the values of a statement that is put together from parts. What callers say is always a value, never SQL text. */
export class Parameters {
  readonly values: unknown[] = []

  /** The placeholder that stands for the value; `type` casts it where Postgres can't tell its type from the context. */
  add(value: unknown, type?: string): string {
    this.values.push(value)
    return type === undefined ? `$${this.values.length}` : `$${this.values.length}::${type}`
  }
}
