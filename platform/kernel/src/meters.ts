import type { EventListeners } from './events.ts'

/** Labels of one measurement, by name. */
export type Labels = Readonly<Record<string, string>>

export interface Counter {
  inc(by?: number): void
  inc(labels: Labels, by?: number): void
}

export interface Gauge {
  set(value: number): void
  set(labels: Labels, value: number): void
  setToCurrentTime(labels: Labels): void
}

export interface Histogram {
  observe(value: number): void
  observe(labels: Labels, value: number): void
  /** Binds the labels, for many observations in a row. */
  labels(labels: Labels): { observe(value: number): void }
}

/** Makes the metrics of a room. `name` is the name in Prometheus; `help` is also the description in the reference. */
export interface Meters {
  counter(name: string, help: string, labels?: readonly string[]): Counter
  gauge(name: string, help: string, labels?: readonly string[]): Gauge
  histogram(name: string, help: string, labels: readonly string[], buckets: readonly number[]): Histogram
}

/** Makes the metrics of a package or room and returns the listeners that count its events. */
export type Metrics = (meters: Meters) => EventListeners
