/** A database id: a positive 63-bit number as text. Anything else is an id nobody ever gave out. */
export const isId = (text: string): boolean => /^[1-9]\d{0,17}$/.test(text)
