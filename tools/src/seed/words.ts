/** Of the places pictures are taken at; the earlier, the more. */
export const subjects = [
  'street',
  'harbour',
  'field',
  'forest',
  'market',
  'station',
  'river',
  'garden',
  'bridge',
  'airport',
  'warehouse',
  'coast',
] as const

export const tags = [
  'water',
  'night',
  'outdoor',
  'rain',
  'snow',
  'crowd',
  'empty',
  'blurred',
  'sunset',
  'fog',
  'indoor',
  'aerial',
  'close-up',
  'winter',
  'summer',
  'dusk',
  'backlit',
  'reflection',
  'construction',
  'festival',
  'to check',
  'training',
  'validation',
  'eclipse',
] as const

export const places = [
  'Winnipeg',
  'Colombo',
  'Riga',
  'Valparaíso',
  'Nairobi',
  'Kyoto',
  'Tromsø',
  'Recife',
  'Tbilisi',
  'Hobart',
  'Ålesund',
  'New York',
] as const

/** One annotation in ten thousand: something to search a large lake for. */
export const rareLabel = 'axolotl'
