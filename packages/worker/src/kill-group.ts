/**
 * Kills a runner's process and all that it started in its process group, whose leader it is. A process that has left the
 * group, such as one that is spawned with `detached`, survives.
 */
export function killGroup(leader: number): void {
  // Windows has no process groups.
  const target = process.platform === 'win32' ? leader : -leader
  try {
    process.kill(target, 'SIGKILL')
  } catch {
    // Nothing of the group is left.
  }
}
