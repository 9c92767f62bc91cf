/** Asks it of all workers that an API knows; it holds for every claim from the reply on. */
export async function askWorkers(url: string, token: string, request: 'cordon' | 'uncordon'): Promise<void> {
  const call = async (method: 'GET' | 'POST', path: string): Promise<Response> => {
    const reply = await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}` } })
    if (!reply.ok) throw new Error(`${method} ${path} gave ${reply.status}: ${await reply.text()}`)
    return reply
  }
  const reply = await call('GET', '/v1/workers')
  const { items } = (await reply.json()) as { readonly items: readonly { readonly id: string }[] }
  if (items.length === 0) throw new Error('Expected a worker to be known')
  for (const { id } of items) await call('POST', `/v1/workers/${id}/${request}`)
}
