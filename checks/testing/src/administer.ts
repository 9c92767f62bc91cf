import { Client } from 'pg'

/** For statements about databases, which no transaction and no statement of TaskFlow's own can hold. */
export async function administer(serverUrl: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: serverUrl })
  await client.connect()
  try {
    const { rows } = await client.query(text)
    return rows
  } finally {
    await client.end()
  }
}
