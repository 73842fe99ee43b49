package muster.demo;

/**
 * Which way each cell of a terrain faces: its unit normal, towards east, north and up. The slope is the third-order finite
 * difference of Horn (1981, Hill shading and the reflectance map, Proc. IEEE 69(1), eqs. 8 and 9). A neighbour that is
 * not there is extrapolated as on a plane, or taken as level with the cell where nothing tells.
 */
final class Surface {
    final double[] east;
    final double[] north;
    final double[] up;

    private final Grid terrain;

    /** @param terrain elevations in metres */
    Surface(Grid terrain) {
        this.terrain = terrain;
        var cells = terrain.values().length;
        east = new double[cells];
        north = new double[cells];
        up = new double[cells];
        for (var row = 0; row < terrain.rows(); row++) {
            for (var column = 0; column < terrain.columns(); column++) {
                orient(column, row);
            }
        }
    }

    private void orient(int column, int row) {
        var northWest = elevation(column, row, -1, -1);
        var northward = elevation(column, row, 0, -1);
        var northEast = elevation(column, row, 1, -1);
        var westward = elevation(column, row, -1, 0);
        var eastward = elevation(column, row, 1, 0);
        var southWest = elevation(column, row, -1, 1);
        var southward = elevation(column, row, 0, 1);
        var southEast = elevation(column, row, 1, 1);
        var riseEast = (northEast + 2 * eastward + southEast - northWest - 2 * westward - southWest)
                / (8 * terrain.cellWidthMetres());
        var riseNorth = (northWest + 2 * northward + northEast - southWest - 2 * southward - southEast)
                / (8 * terrain.cellHeightMetres());
        var length = Math.sqrt(riseEast * riseEast + riseNorth * riseNorth + 1);
        var cell = row * terrain.columns() + column;
        east[cell] = -riseEast / length;
        north[cell] = -riseNorth / length;
        up[cell] = 1 / length;
    }

    private double elevation(int column, int row, int right, int down) {
        var centre = at(column, row);
        var neighbour = at(column + right, row + down);
        if (!Double.isNaN(neighbour)) {
            return neighbour;
        }
        var opposite = at(column - right, row - down);
        if (!Double.isNaN(opposite)) {
            return 2 * centre - opposite;
        }
        return right == 0 || down == 0
                ? centre
                : elevation(column, row, right, 0) + elevation(column, row, 0, down) - centre;
    }

    /** NaN outside. */
    private double at(int column, int row) {
        if (column < 0 || row < 0 || column >= terrain.columns() || row >= terrain.rows()) {
            return Double.NaN;
        }
        return terrain.values()[row * terrain.columns() + column];
    }
}
