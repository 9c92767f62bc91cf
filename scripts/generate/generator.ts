export interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string
  readonly content: string
}

/** Makes files from what is written elsewhere. The same source gives the same bytes. */
export type Generator = () => Promise<readonly GeneratedFile[]>
