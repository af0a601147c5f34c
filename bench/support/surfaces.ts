/**
 * The ways to look at a producer that are measured, by the names of their rows.
 *
 * Neighbours: cases/surfaces.ts lists them, subjects/surfaces.ts turns them on.
 */
export const SURFACES = [
  'nothing',
  'an interceptor that does nothing',
  'metrics() every second',
  'Prometheus every second',
  'OpenTelemetry metrics every second',
  'OpenTelemetry operation metrics',
  'tracing without an SDK',
  'tracing, 1 % sampled',
  'tracing, all recorded',
  'diagnostics: batches and requests',
  'diagnostics: sends',
] as const

export type SurfaceName = (typeof SURFACES)[number]
