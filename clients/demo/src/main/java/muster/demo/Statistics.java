package muster.demo;

/** What a map says in a line; cells without a value do not count. */
record Statistics(int cells, double min, double mean, double max) {
    static Statistics of(Grid grid) {
        var cells = 0;
        var min = Double.POSITIVE_INFINITY;
        var max = Double.NEGATIVE_INFINITY;
        var sum = 0.0;
        for (var value : grid.values()) {
            if (!Double.isNaN(value)) {
                cells++;
                sum += value;
                min = Math.min(min, value);
                max = Math.max(max, value);
            }
        }
        if (cells == 0) {
            throw new DemoException("the map has no cell with a value; choose another elevation model");
        }
        return new Statistics(cells, min, sum / cells, max);
    }

    /** Such as {@code min 617.3, mean 1462.0, max 1887.5 kWh/m² (65536 cells)}. */
    String line(String unit) {
        return "min " + decimal(min) + ", mean " + decimal(mean) + ", max " + decimal(max) + " " + unit + " (" + cells
                + " cells)";
    }

    /** One decimal; String.format would double the time that a task needs to start. */
    private static String decimal(double value) {
        var tenths = Math.round(Math.abs(value) * 10);
        return (value < 0 && tenths > 0 ? "-" : "") + tenths / 10 + "." + tenths % 10;
    }
}
