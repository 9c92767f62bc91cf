export interface GeneratedFile {
  /** Relative to the root of the repository. */
  readonly path: string
  readonly content: string
}

/** Generates files from the sources. The same sources give the same bytes. */
export type Generator = () => Promise<readonly GeneratedFile[]>
