/** Returns the environment variable of a setting. */
export const variableOf = (name: string): string => `TASKFLOW_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`
