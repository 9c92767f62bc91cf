/**
 * The project of a process. The single source of the name: principals carry it to the routes, and every other part is
 * given it by the composition.
 */
export const DEFAULT_PROJECT = 'default'
