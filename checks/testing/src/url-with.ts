/** The same address at another port, of a proxy for example, or of another database of the same server. */
export const urlWith = (
  url: string,
  { port, database }: { readonly port?: number; readonly database?: string },
): string =>
  Object.assign(new URL(url), {
    ...(port !== undefined && { port: String(port) }),
    ...(database !== undefined && { pathname: `/${database}` }),
  }).href
