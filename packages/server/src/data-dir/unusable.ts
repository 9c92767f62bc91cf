import { userInfo } from 'node:os'
import { hasCode, TaskFlowError } from '@taskflow/kernel'

/** The reasons and remedies for errors of the file system, by their codes. */
const BY_CODE: Readonly<Record<string, string>> = {
  EEXIST: 'a file has its name. Set TASKFLOW_DATA_DIR to a folder',
  ENOTDIR: 'a part of its path is a file. Set TASKFLOW_DATA_DIR to a folder',
  EACCES: 'USER may not read and write it. Give the right, or set TASKFLOW_DATA_DIR to another folder',
  EPERM: 'USER may not read and write it. Give the right, or set TASKFLOW_DATA_DIR to another folder',
  EROFS: 'its file system is read-only. Set TASKFLOW_DATA_DIR to a folder on another one',
  ENOSPC: 'its disk is full. Free space, or set TASKFLOW_DATA_DIR to a folder on another disk',
  EDQUOT: 'the quota of USER is used up. Free space, or set TASKFLOW_DATA_DIR to a folder on another disk',
  ENAMETOOLONG: 'its path is too long. Set TASKFLOW_DATA_DIR to a shorter path',
  ELOOP: 'its path has a loop of symbolic links. Set TASKFLOW_DATA_DIR to another folder',
}

// SQLite hides the code of the operating system behind its own.
const BY_SQLITE_CODE: Readonly<Record<number, string>> = {
  8: BY_CODE.EACCES as string,
  10: 'its file system does not lock files. Set TASKFLOW_DATA_DIR to a folder on a local disk',
  13: BY_CODE.ENOSPC as string,
  14: BY_CODE.EACCES as string,
}

const DAMAGED =
  'the files of its database (pgdata) are damaged or incomplete. Restore a backup of the whole folder, or set TASKFLOW_DATA_DIR to another folder to begin with an empty database'

/** Explains why a data folder cannot be used, and what to do. Returns an error that is explained already as it is. */
export function unusable(dir: string, error: unknown): TaskFlowError {
  if (hasCode(error, 'DATA_DIR_UNUSABLE')) return error
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown }
  // The lower byte of an extended code of SQLite is the primary code.
  const ofSqlite = typeof errcode === 'number' ? BY_SQLITE_CODE[errcode & 0xff] : undefined
  const reason = BY_CODE[String(code)] ?? ofSqlite ?? DAMAGED
  return unusableBecause(dir, reason.replace('USER', `the user ${userName()}`), error)
}

export function unusableBecause(dir: string, reason: string, cause?: unknown): TaskFlowError {
  return new TaskFlowError('DATA_DIR_UNUSABLE', `The data folder ${dir} cannot be used: ${reason}`, { cause })
}

/** A container may run as a user without a name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.())
  }
}
