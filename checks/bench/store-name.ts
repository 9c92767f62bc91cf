export type StoreName = 'postgresql' | 'redis' | 'rabbitmq'
