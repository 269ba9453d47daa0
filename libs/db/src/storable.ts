// What a package, a script or a graph says of itself ends in messages, and may hold what no encoding of Postgres has.
const unstorable = /[\u0000\p{Cs}]/gu

/** Text as Postgres can keep it: NUL and unpaired surrogates become U+FFFD. */
export const storableText = (text: string): string => text.replace(unstorable, '\ufffd')

/** As JSON.stringify, with every text in it storable. */
export const storableJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'string' ? storableText(part) : part))

/** Those of these texts that Postgres could keep: what it is asked for, no row has the others, and the whole statement would be refused. */
export const storableOnly = (texts: readonly string[]): string[] => texts.filter((text) => storableText(text) === text)
