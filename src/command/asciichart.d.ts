declare module 'asciichart' {
  export interface Config {
    height?: number;
    min?: number;
    max?: number;
    /** The text of a number on the axis. */
    format?: (value: number) => string;
    /** The escape sequences of the series. */
    colors?: readonly (string | undefined)[];
  }
  const asciichart: {
    readonly blue: string;
    readonly yellow: string;
    plot(series: readonly (readonly number[])[], config?: Config): string;
  };
  export default asciichart;
}
