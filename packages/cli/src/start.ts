import type { Command } from 'commander'

export function addStart(taskflow: Command): void {
  taskflow.command('start').description('start a server: API, coordinator and worker, as the roles say')
}
