/** The body that a caller of the API sends; its payload is as large as that of the direct clients. */
export const taskBody = JSON.stringify({
  type: 'bench.noop',
  payload: { at: 1_234_567_890.123, text: 'x'.repeat(64) },
})
