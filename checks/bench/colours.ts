/** Of plots, which have no background: each is told apart from white and from near-black alike. */
export const COLOURS = {
  text: '#737b85',
  own: '#d9730d',
  peer: '#4f7cac',
  limit: '#8c959f',
} as const
