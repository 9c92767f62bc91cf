/** Pattern of the names of queues and task types. */
export const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$'

const NAME = new RegExp(NAME_PATTERN)

export const isName = (text: string): boolean => NAME.test(text)
