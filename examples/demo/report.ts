import type { PackageReport } from '../tasks/packages.ts'

/** Formats the report as text. */
export function printReport(report: PackageReport): string {
  const { packages, files, bytes, largest, licences, severalVersions, identicalContents } = report
  return [
    '',
    `  ${packages} packages, ${files.toLocaleString('en')} files, ${megabytes(bytes)}`,
    '',
    '  Largest',
    ...columns(largest.map((each) => [`${each.name} ${each.version}`, megabytes(each.bytes), `${each.files} files`])),
    '',
    '  Licences',
    ...columns(licences.map(({ licence, packages: count }) => [licence, String(count)])),
    '',
    '  Installed in several versions',
    ...(severalVersions.length === 0
      ? ['    none']
      : columns(severalVersions.map(({ name, versions }) => [name, versions.join(', ')]))),
    '',
    `  Installed more than once with identical contents: ${identicalContents}`,
    '',
  ].join('\n')
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => `    ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')}`.trimEnd())
}
