/**
 * What a stranger's program said, fit for logs, terminals, headers and databases: control characters other than line feeds and
 * tabs, and halves of surrogate pairs, become U+FFFD.
 */
export const printable = (text: string): string =>
  text.replace(/\r\n?/g, '\n').replace(/[^\P{Cc}\n\t]|\p{Cs}/gu, '\ufffd')
