package muster.data;

import java.io.IOException;

final class ObjectStoreAsDepotTest extends DepotContract {
    @Override
    protected Depot open(String name) throws IOException {
        return new ObjectStore(folder.resolve(name), Long.MAX_VALUE, true);
    }
}
