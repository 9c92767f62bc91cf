export type Query = (name: string, text: string, values: unknown[]) => Promise<unknown>

const INSERT = 'insert into bare select * from unnest($1::uuid[], $2::text[], $3::json[])'
const PAYLOAD = JSON.stringify({ text: 'x'.repeat(80) })

/** Rows like small tasks into a table `bare` of three columns, one statement after the other. */
export async function insertBare(query: Query, { rows, batch }: { rows: number; batch: number }): Promise<void> {
  for (let done = 0; done < rows; done += batch) {
    await query('insert', INSERT, [
      Array.from({ length: batch }, () => crypto.randomUUID()),
      Array(batch).fill('report.build'),
      Array(batch).fill(PAYLOAD),
    ])
  }
}
