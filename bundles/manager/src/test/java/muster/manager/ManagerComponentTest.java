package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ManagerComponentTest {
    @Test
    void takesSharedFoldersByWholePaths() {
        assertThat(ManagerComponent.sharedFolders(" /home/, /scratch/a/../b ,")).containsExactly("/home", "/scratch/b");
        assertThat(ManagerComponent.sharedFolders("")).isEmpty();
    }

    @Test
    void refusesToShareAllOrWhatIsRelative() {
        for (var folder : new String[] {"home", "/", "/.."}) {
            assertThatThrownBy(() -> ManagerComponent.sharedFolders(folder))
                    .hasMessageContaining("shared names '" + folder + "'");
        }
    }
}
