// The demo as a study: a year of sunlight on a mountain, 379 tasks over any number of workers, and one that brings the map back.
//
//   muster run sunlight.lsl --set jar=/path/of/muster-demo.jar
//
// Workers need Java 17; --set java=/path/of/java says which one.
def jar = 'muster-demo.jar'
def java = 'java'
def demo = "$java -XX:TieredStopAtLevel=1 -jar muster-demo.jar"
def lastDays = [31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365]

study(name: 'Sunlight') {
    action(name: 'terrain', type: 'Command') {
        inputs = ['muster-demo.jar': jar]
        command = "$demo terrain ."
        outputs = ['terrain.grid']
    }
    action(name: 'days', type: 'Select') { abstraction('Year') { systems((1..365).collect { "$it" }) } }
    action(name: 'day', type: 'Command') {
        dependsOn 'days', 'terrain'
        include 'Year'
        inputs = ['muster-demo.jar': jar]
        command { day -> "cp terrain/terrain.grid . && $demo day ${day.id} ." }
        outputs { day -> ["day-${day.id.padLeft(3, '0')}.grid"] }
    }
    action(name: 'months', type: 'Partition') {
        dependsOn 'day'
        include 'Year'
        by { day -> 1 + lastDays.findIndexOf { last -> day.id.toInteger() <= last } }
    }
    action(name: 'month', type: 'Command') {
        dependsOn 'months'
        include 'Year'
        inputs = ['muster-demo.jar': jar]
        command { month -> "cp */day/*.grid . && $demo month ${month.id} ." }
        outputs { month -> ["month-${month.id.padLeft(2, '0')}.grid"] }
    }
    action(name: 'together', type: 'Partition') {
        dependsOn 'month'
        include 'Year'
        parts = 1
    }
    action(name: 'year', type: 'Command') {
        dependsOn 'together', 'terrain'
        include 'Year'
        inputs = ['muster-demo.jar': jar]
        takes = ['*/month/*', 'terrain/*']
        command = "cp */month/*.grid terrain/terrain.grid . && $demo year ."
        outputs = ['year.grid', 'year.png']
    }
    action(name: 'map', type: 'Collect') {
        dependsOn 'year'
        include 'Year'
        takes = 'year/*'
        into = 'sunlight'
        flat = true
    }
}
